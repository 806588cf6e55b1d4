import { createHook } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'

// What the engine has to know before the first object of a request is made (docs/adr/0013). Whoever starts the process imports this before everything else.

/**
 * V8 puts objects among those that live long from the start, where those made by the same line of code lived long before. Right after a start, requests wait
 * for their assertions to be signed, so everything that belongs to a request does. From then on each was kept until the next full collection: 1.7 times the
 * time for a request through the reverse proxy, and a p99 five times as long.
 */
setFlagsFromString('--no-allocation-site-pretenuring')

/**
 * Keeps `process.nextTick` as fast as it is at first. V8 forgets what these objects look like when a garbage collection finds none alive, and from then on
 * each is put together the slow way: a fifth of all instructions of a gate under load (docs/adr/0013). So one is kept, from before
 * the rest is loaded, as there are collections in the meantime.
 */
const keptTicks: object[] = []

const hook = createHook({
  init(_id, type, _trigger, resource) {
    if (type === 'TickObject') keptTicks.push(resource)
  },
}).enable()
process.nextTick(() => undefined)
hook.disable()
