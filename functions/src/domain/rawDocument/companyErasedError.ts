/** The company is being erased, or was: nothing about it is taken in any more. */
export class CompanyErasedError extends Error {
  override readonly name = "CompanyErasedError";

  constructor(companyId: number) {
    super(`Company ${companyId} is erased`);
  }
}
