"""Child processes: run by `process`, in a group (`groups`, `jobs`) that ends with this program, asked by `probes`."""
