// Layers refuse what they were not made for.
import { nn, zeros } from 'gradus';

// expect: linear: 64×100: the last dimension must be 784, not 100
nn.linear(784, 10).forward(zeros([64, 100]));

// expect: conv2d: 8×1×9×9: 3 channels expected, not 1
nn.conv2d(3, 32, 3).forward(zeros([8, 1, 9, 9]));

// expect: conv2d: takes images N×C×H×W, not 9×9
nn.conv2d(3, 32, 3).forward(zeros([9, 9]));
