import { defineConfig } from "@adonisjs/core/http";

export const appKey = "a-key-of-this-recipe-alone-0123456789";
export const http = defineConfig({ generateRequestId: false });
