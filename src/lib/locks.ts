/** Names that are taken together or not at all, in the order of the requests. */
export interface Locks {
  /**
   * Resolves when none of `names` is taken any more, nor waited for by an earlier request. Names in `shared` are taken
   * together with others who share them, but not with one who wants them alone.
   */
  readonly acquire: (names: readonly string[], shared?: readonly string[]) => Promise<Lock>;
}

export interface Lock extends Disposable {
  /** Gives the names back and takes these instead; keeps its place before all later requests, and what it shares. */
  readonly exchange: (names: readonly string[]) => Promise<void>;
}

interface Request {
  names: ReadonlySet<string>;
  readonly shared: ReadonlySet<string>;
  /** Absent while it holds its names. */
  proceed: (() => void) | undefined;
}

/**
 * Locks on names. Who needs several asks for all at once, so that no two can wait for each other.
 */
export function createLocks(): Locks {
  /** In the order in which they came. */
  const requests: Request[] = [];

  const admit = (): void => {
    for (const [index, request] of requests.entries()) {
      const { proceed } = request;
      if (proceed === undefined) continue;
      const isFree = requests.every(
        (other, at) => other === request || (other.proceed !== undefined && at > index) || areApart(other, request),
      );
      if (!isFree) continue;
      request.proceed = undefined;
      proceed();
    }
  };
  const wait = (request: Request, names: readonly string[]): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    request.names = new Set(names);
    request.proceed = resolve;
    admit();
    return promise;
  };

  return {
    acquire: async (names, shared = []) => {
      const request: Request = { names: new Set(), shared: new Set(shared), proceed: undefined };
      requests.push(request);
      await wait(request, names);
      return {
        exchange: (others) => wait(request, others),
        [Symbol.dispose]: () => {
          requests.splice(requests.indexOf(request), 1);
          admit();
        },
      };
    },
  };
}

function areApart(one: Request, other: Request): boolean {
  return (
    one.names.isDisjointFrom(other.names) &&
    one.names.isDisjointFrom(other.shared) &&
    one.shared.isDisjointFrom(other.names)
  );
}
