import { Parameter, randn } from 'gradus';

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
      return () => {
        let c = a;
        for (let i = 0; i < OPS; i++) c = c.add(b);
        return c.data();
      };
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
      return () => {
        let c = p;
        for (let i = 0; i < OPS; i++) c = c.add(b);
        c.sum().backward();
        const g = p.grad.data();
        p.grad = null;
        return g;
      };
    },
  },
];
