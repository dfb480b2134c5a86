/** A value that events are folded into, outside of React: it renders the result, not each step. */
export class Reduction<Value> {
  readonly initial: Value
  value: Value

  constructor(initial: Value) {
    this.initial = this.value = initial
  }
}
