import { Parameter, randn } from 'gradus';
import { maybeCompiled } from './compiled.mjs';

const OPS = 2000;

/** W3: 2,000 additions of 4 elements in a row, without and with the gradient recorded and run. */
export const smallAdds = [
  {
    group: 'W3',
    name: 'W3-2000ops',
    title: 'adding 4 floats',
    ops: OPS,
    warmUp: 1000,
    prepare() {
      const a = randn([4]);
      const b = randn([4]);
      const f = maybeCompiled((a, b) => {
        let c = a;
        for (let i = 0; i < OPS; i++) c = c.add(b);
        return c;
      });
      return () => f(a, b).data();
    },
  },
  {
    group: 'W3',
    name: 'W3-2000ops-grad',
    title: 'adding 4 floats, with gradient',
    ops: OPS,
    warmUp: 1000,
    prepare() {
      const p = Parameter(randn([4]));
      const b = randn([4]);
      const f = maybeCompiled((b) => {
        let c = p;
        for (let i = 0; i < OPS; i++) c = c.add(b);
        p.grad = null;
        c.sum().backward();
      });
      return () => {
        f(b);
        return p.grad.data();
      };
    },
  },
];
