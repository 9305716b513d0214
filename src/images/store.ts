/** Images are addressed by content within a project, so that no project can learn what another has. */
export type ImageKey = {
  /** UUID, lower case. */
  projectId: string;
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  sha256: string;
};

/**
 * Keeps the bytes of images. Every method throws STORAGE_UNAVAILABLE (cause kept) when the store cannot do it at the
 * moment, and BAD_REQUEST on a key or name that is none.
 */
export type ImageStore = {
  /**
   * Once this resolves, the bytes survive a crash. Putting what is there already does nothing, so it may be repeated.
   * Throws INTERNAL when the bytes do not have the key's hash.
   */
  put(key: ImageKey, bytes: Buffer): Promise<void>;
  /** Null when there is none. Throws INTERNAL when the stored bytes are damaged: they must not be served or sent on. */
  read(key: ImageKey): Promise<Buffer | null>;
  /** Whether it is there, without reading it. */
  holds(key: ImageKey): Promise<boolean>;
  /** A file made from the image (a thumbnail, a preview); null when there is none. `name`: a-z, 0-9, `.`, `_`, `-`. */
  readDerived(key: ImageKey, name: string): Promise<Buffer | null>;
  /** Does nothing when the image itself is gone. */
  putDerived(key: ImageKey, name: string, bytes: Buffer): Promise<void>;
  /** Removes the image and all made from it; gives how many files that were. */
  delete(key: ImageKey): Promise<number>;
  /** Throws when nothing could be put at the moment. */
  check(): Promise<void>;
};
