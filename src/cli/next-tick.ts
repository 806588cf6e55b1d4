import { createHook } from 'node:async_hooks'

/**
 * Keeps `process.nextTick` as fast as it is at first. V8 forgets what these objects look like when a garbage collection finds none alive, and from then on
 * each is put together the slow way: a fifth of all instructions of a gate under load (docs/adr/0013). So one is kept; whoever starts the process imports
 * this before everything else, as there are collections while the rest is loaded.
 */
const keptTicks: object[] = []

const hook = createHook({
  init(_id, type, _trigger, resource) {
    if (type === 'TickObject') keptTicks.push(resource)
  },
}).enable()
process.nextTick(() => undefined)
hook.disable()
