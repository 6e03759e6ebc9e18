/** Twenty architectures in small sizes, each with a whole training step; always in this order. */
import { autoencoder } from './autoencoder.ts';
import { bert } from './bert.ts';
import { capsuleNetwork } from './capsule-network.ts';
import { cnn } from './cnn.ts';
import { dqn } from './dqn.ts';
import { gan } from './gan.ts';
import { gpt } from './gpt.ts';
import { graphConvolution } from './graph-convolution.ts';
import { gruClassifier } from './gru-classifier.ts';
import { hamiltonianOde } from './hamiltonian-ode.ts';
import { lstmLanguageModel } from './lstm-language-model.ts';
import { mlp } from './mlp.ts';
import { mobilenet } from './mobilenet.ts';
import { realnvp } from './realnvp.ts';
import type { Recipe } from './recipe.ts';
import { resnet18 } from './resnet18.ts';
import { seq2seqAttention } from './seq2seq-attention.ts';
import { unet } from './unet.ts';
import { vae } from './vae.ts';
import { visionTransformer } from './vision-transformer.ts';
import { wavenet } from './wavenet.ts';

export type { Losses, Recipe, Training } from './recipe.ts';

export const models: readonly Recipe[] = [
  mlp,
  cnn,
  resnet18,
  mobilenet,
  unet,
  autoencoder,
  vae,
  gan,
  lstmLanguageModel,
  gruClassifier,
  seq2seqAttention,
  gpt,
  bert,
  visionTransformer,
  dqn,
  capsuleNetwork,
  realnvp,
  graphConvolution,
  wavenet,
  hamiltonianOde,
];
