/** The part of h5wasm-plugins that is used; the package has no types of its own. */
declare module "h5wasm-plugins" {
  /** Lets HDF5 load the package's filters from where it is installed. */
  export function install_local_plugins(module: object): void;
}
