import { describe, expect, test } from 'vitest'
import { inTurn } from './rounds.ts'

/** A task that ends when the test says so. */
function aTask() {
  const underWay: { end(error?: Error): void }[] = []
  const turns = inTurn(
    () =>
      new Promise((resolve, reject) => {
        underWay.push({ end: (error) => (error === undefined ? resolve() : reject(error)) })
      }),
  )
  return { ...turns, underWay }
}

describe('in turn', () => {
  test('it is never done twice at a time, and once more for all who asked meanwhile', async () => {
    const { run, underWay } = aTask()
    const first = run()
    const waiting = [run(), run(), run()]
    expect(underWay).toHaveLength(1)
    underWay[0]?.end()
    await first
    await Promise.resolve()
    expect(underWay).toHaveLength(2)
    underWay[1]?.end()
    await Promise.all(waiting)
    expect(underWay).toHaveLength(2)
  })

  test('that it failed is for those who asked for that time, and for nobody later', async () => {
    const { run, underWay } = aTask()
    const first = run()
    const second = run()
    underWay[0]?.end(new Error('the database is away'))
    await expect(first).rejects.toThrow('the database is away')
    underWay[1]?.end()
    await expect(second).resolves.toBeUndefined()
    const third = run()
    underWay[2]?.end()
    await expect(third).resolves.toBeUndefined()
  })

  test('it has ended when nothing of it is under way, what was asked for meanwhile included', async () => {
    const { run, ended, underWay } = aTask()
    await expect(ended()).resolves.toBeUndefined()
    const all = [run(), run()]
    let isOver = false
    const over = ended().then(() => {
      isOver = true
    })
    underWay[0]?.end()
    await all[0]
    await Promise.resolve()
    expect(isOver).toBe(false)
    underWay[1]?.end()
    await over
  })
})
