"""Where mitochondria and synapses of a neuron sit on its skeleton, and how far from one another."""

