/** The one function that is used of it; the package brings no types. */
declare module 'qrcode' {
  const QRCode: { toDataURL(text: string): Promise<string> };
  export default QRCode;
}
