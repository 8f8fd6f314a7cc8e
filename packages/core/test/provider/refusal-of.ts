import { ConfigurationError } from "../../src/errors.js";
import { declareAcme, type Words } from "./acme.js";

/** Answers what is wrong with a declaration of acme. */
export const refusalOf = (words: Words): string => {
  try {
    declareAcme(words);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "it is taken";
};
