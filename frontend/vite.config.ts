import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.DENSEMARK_SERVER ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { host: "127.0.0.1", port: 5173, proxy: { "/api": { target: server, changeOrigin: false } } },
  build: {
    outDir: "../server/static",
    emptyOutDir: true,
    target: "es2022",
    // Inlined fonts and images would need data: in the server's content security policy.
    assetsInlineLimit: 0,
    // three.js is one large chunk of its own, fetched when a body is looked at.
    chunkSizeWarningLimit: 700,
  },
  test: {
    environment: "happy-dom",
    setupFiles: ["./src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
