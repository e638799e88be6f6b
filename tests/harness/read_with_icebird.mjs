// Prints what icebird reads of a published table: for each row a JSON array of its collection, id and cell.
//
//   node read_with_icebird.mjs NODE_MODULES TABLE_URL [METADATA_FILE_NAME]
import { pathToFileURL } from 'node:url'

const [modules, tableUrl, metadataFileName] = process.argv.slice(2)
const { icebergRead } = await import(pathToFileURL(`${modules}/icebird/src/index.js`))
const rows = await icebergRead({ tableUrl, metadataFileName })
for (const row of rows) {
  console.log(JSON.stringify([row.collection ?? null, row.id, row.grid_partition]))
}
