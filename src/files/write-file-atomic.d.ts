/** The part of write-file-atomic 8 that is used; the package has no types of its own. */
declare module "write-file-atomic" {
  interface Options {
    readonly mode: number;
    /** Flush the file before it is renamed. */
    readonly fsync: boolean;
    /** Awaited between the creation of the temporary file and the write to it. */
    readonly tmpfileCreated: (path: string) => Promise<void>;
  }
  function writeFileAtomic(path: string, text: string, options: Options): Promise<void>;
  export = writeFileAtomic;
}
