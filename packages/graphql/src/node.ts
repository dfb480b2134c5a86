export { createNodeHandler, type NodeHandler } from './node-handler.ts'
