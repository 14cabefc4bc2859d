// As much of @angular/core as the service uses: a mark on the class, and one instance of it.
const instances = new Map();

export const Injectable = (options) => (service) => {
  if (options.providedIn !== "root") throw new Error("the seed's service is provided in root");
  instances.set(service, null);
};

export function instanceOf(service) {
  if (!instances.has(service)) throw new Error(`${service.name} is not injectable`);
  if (!instances.get(service)) instances.set(service, new service());
  return instances.get(service);
}
