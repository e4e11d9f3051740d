declare module "catalogue:en" {
  const messages: Record<string, string>;
  export default messages;
}
declare module "catalogue:de" {
  const messages: Record<string, string>;
  export default messages;
}
