import { describe, expect, it } from "vitest";
import type { SourceReader } from "../../src/provider/source.js";
import { compileTemplate, endOf, type Template } from "../../src/provider/template.js";
import { attemptOf, compileAcme } from "./acme.js";

describe("compileTemplate", () => {
  it("knows what can be written before the body is read", () => {
    const { context } = attemptOf({}).scheme;
    const early = (text: string): boolean => compileTemplate(text, context).early;
    for (const text of ["x", "{method}{url}{publicUrl}{secret}", "{query:a}{header:b}", "[{header:b}]"])
      expect(early(text), text).toBe(true);
    for (const text of ["{body}", "{params}", "{json:a}", "{form:a}", "[{body}]"]) expect(early(text), text).toBe(false);
  });
});

describe("endOf", () => {
  const end = (content: string): string | undefined => {
    const { content: templates, context } = compileAcme({ content, id: "header:x-id" });
    return endOf(templates[0] as Template, context.id as SourceReader);
  };

  it("is the text behind a source that more comes after", () => {
    expect(end("v1:{id}|\n{body}")).toBe("|\n");
    expect(end("{method}[.{header:x-id}.{body}]")).toBe(".");
    expect(end("{id}{body}")).toBeUndefined();
    expect(end("{body}.{id}.")).toBeUndefined();
    expect(end("{body}.{json:id}")).toBeUndefined();
  });
});
