/** Is `version` (`1.45`) at least `least`? Engine API versions compare by number: 1.9 is older than 1.10. */
export function isApiAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
