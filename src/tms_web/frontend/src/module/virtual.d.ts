/** `styles:page.css` is the address of the bundled style sheet. */
declare module "styles:*" {
  const href: string;
  export default href;
}
