export { createReader, type Reader, type ReaderEvent, type ReaderOptions } from './reader.ts'
