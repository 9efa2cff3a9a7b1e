// What a case among users' tools is.

/** What all cases of a run share. */
export interface Workshop {
  /** A temporary folder; each case makes folders of its own in it. */
  readonly folder: string
  /** The package as it would be published. */
  readonly tarball: string
}

export interface EcosystemCase {
  readonly name: string
  /** Rejects with what went wrong. */
  readonly run: (workshop: Workshop) => Promise<void>
}
