/** The sizes of a 2-d convolution, shared by its three faces. All images are NCHW. */
export interface ConvGeometry {
  readonly batch: number;
  readonly groups: number;
  /** Channels of x and of y, all groups together. */
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width of x, of the kernel and of y. */
  readonly input: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly output: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}
