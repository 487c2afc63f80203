/** Several services side by side: they end together. */

/**
 * Runs services until `stop` is aborted. One that ends by an error stops the others.
 *
 * @throws the error, or an AggregateError of several, when all have ended
 */
export async function runServices(
  stop: AbortSignal,
  services: readonly ((stop: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const broken = new AbortController();
  const signal = AbortSignal.any([stop, broken.signal]);
  const errors: unknown[] = [];
  await Promise.all(
    services.map((service) =>
      service(signal).catch((error: unknown) => {
        errors.push(error);
        broken.abort();
      }),
    ),
  );
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} services ended by errors`);
}
