/**
 * The lines of what is done as it should be are for metrics. Jest would print each with its stack, and read source
 * maps for it. Tests that are about them look at the logger.
 */
console.info = () => undefined;
