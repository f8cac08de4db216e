// An MCP server of another make: the protocol's SDK for JavaScript, as the pinned OpenClaw brings it.
//     node mcp_server.mjs FOLDER_OF_NODE_MODULES
import { pathToFileURL } from "node:url";

const sdk = (path) => import(pathToFileURL(`${process.argv[2]}/@modelcontextprotocol/sdk/dist/esm/${path}`).href);
const { Server } = await sdk("server/index.js");
const { StdioServerTransport } = await sdk("server/stdio.js");
const { CallToolRequestSchema, ListToolsRequestSchema } = await sdk("types.js");

const tools = ["first", "second", "third"].map((name) => ({
  name,
  description: `Say what the ${name} is given.`,
  inputSchema: { type: "object", properties: { words: { type: "string" } }, required: ["words"] },
  annotations: { readOnlyHint: true },
}));
const server = new Server({ name: "other-make", version: "1.2.3" }, { capabilities: { tools: {} } });
// One tool a page: whoever lists them has to follow the cursor.
server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
  const at = Number(params?.cursor ?? 0);
  return { tools: [tools[at]], ...(at + 1 < tools.length ? { nextCursor: `${at + 1}` } : {}) };
});
server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
  content: [
    { type: "text", text: `${params.name}: ${params.arguments.words}` },
    { type: "resource", resource: { uri: "note://1", mimeType: "text/plain", text: "a note" } },
    { type: "resource_link", uri: "note://2", name: "another" },
  ],
}));
await server.connect(new StdioServerTransport());
