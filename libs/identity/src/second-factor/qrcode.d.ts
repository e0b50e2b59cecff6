/** What is used of it; the package brings no types. */
declare module 'qrcode' {
  const QRCode: {
    toDataURL(text: string): Promise<string>;
    create(
      text: string,
      options: { errorCorrectionLevel: 'L' },
    ): { modules: { size: number; data: Uint8Array } };
  };
  export default QRCode;
}
