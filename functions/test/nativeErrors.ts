import { types } from "node:util";

/**
 * Jest runs tests in a JavaScript context of its own, whose `Error` is not the one of Node's errors: there
 * `instanceof Error` is false for an error of node:fs or of fetch, which it is not in production.
 */
for (const nativeError of [Error, TypeError, RangeError, SyntaxError]) {
  Object.defineProperty(nativeError, Symbol.hasInstance, {
    value(this: unknown, value: unknown) {
      if (this === Error && types.isNativeError(value)) return true;
      if (this === nativeError && types.isNativeError(value) && value.name === nativeError.name) return true;
      return typeof this === "function" && Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
}
