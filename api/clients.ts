// Clients as the engine knows them: numbers. A number is never given to another client, so that what is kept for one is never
// taken for another's; a client that has been away for long gets a new one.
import { CLIENTS_MAX, type ClientId, type QueueOptions, type Standing } from '../engine/index.ts'

export class Clients {
  /** The longest unused first. */
  readonly #numbers = new Map<string, ClientId>()
  #next: ClientId = 1

  /** Whom a request is for and how urgent it is, as options say it. */
  standing({ client, priority }: QueueOptions): Standing {
    return { ...(client !== undefined && { client: this.#numberOf(client) }), ...(priority && { priority }) }
  }

  #numberOf(client: string): ClientId {
    const number = this.#numbers.get(client) ?? this.#next++
    this.#numbers.delete(client)
    this.#numbers.set(client, number)
    if (this.#numbers.size > CLIENTS_MAX) this.#numbers.delete(this.#numbers.keys().next().value!)
    return number
  }
}
