/** Rows a statement: below the number of parameters that either engine takes, with every table's columns. */
const batchSize = 500

export function* batches<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += batchSize) yield items.slice(from, from + batchSize)
}
