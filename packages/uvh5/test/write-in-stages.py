"""Writes a UVH5 file as the on-site writer does, a few integrations at a time; says each stage and waits for a line before the next.

Arguments: path, and "flush" to flush after each integration (the on-site writer does not).
"""
import sys
import h5py
import numpy as np

path, flush = sys.argv[1], 'flush' in sys.argv[2:]
NBL, NCHAN, NPOL, NTIMES = 6, 4, 2, 5


def stage(name):
    print(name, flush=True)
    sys.stdin.readline()


with h5py.File(path, 'w') as f:
    h, d = f.create_group('Header'), f.create_group('Data')
    h['latitude'], h['longitude'], h['altitude'] = 37.2, -118.3, 1188.0
    h['telescope_name'], h['history'] = np.string_('OVRO_MMA'), np.string_('stages')
    for name, value in dict(Nants_data=3, Nants_telescope=3, Nbls=NBL, Nblts=0, Nfreqs=NCHAN, Npols=NPOL, Ntimes=0, Nspws=1).items():
        h[name] = value
    h['antenna_numbers'], h['antenna_names'] = np.arange(3), np.array(['a', 'b', 'c'], 'S4')
    h['antenna_positions'] = np.zeros((3, 3))
    h['freq_array'], h['channel_width'] = np.linspace(1.4e9, 1.3e9, NCHAN)[np.newaxis], 1e6
    h['spw_array'], h['polarization_array'] = np.array([1]), np.array([-5, -6])
    for name, dtype in (('ant_1_array', int), ('ant_2_array', int), ('time_array', float), ('integration_time', float)):
        h.create_dataset(name, (0,), maxshape=(None,), dtype=dtype, chunks=True)
    h.create_dataset('uvw_array', (0, 3), maxshape=(None, 3), dtype=np.float32, chunks=True)
    for name, dtype in (('visdata', np.complex64), ('flags', bool), ('nsamples', np.float32)):
        d.create_dataset(name, (0, 1, NCHAN, NPOL), maxshape=(None, 1, NCHAN, NPOL), dtype=dtype, chunks=(4, 1, 2, 1))
    stage('created')
    for it in range(NTIMES):
        m = (it + 1) * NBL
        for name, value in (('time_array', 2460000.5 + it), ('integration_time', 1.0), ('ant_1_array', 0), ('ant_2_array', 1)):
            h[name].resize(m, axis=0)
            h[name][it * NBL:] = value
        h['uvw_array'].resize(m, axis=0)
        h['uvw_array'][it * NBL:] = 1
        h['Ntimes'][()], h['Nblts'][()] = it + 1, m
        if flush:
            f.flush()
            stage('header %d' % (it + 1))
        for name in ('visdata', 'flags', 'nsamples'):
            d[name].resize(m, axis=0)
            d[name][it * NBL:] = 1
        if flush:
            f.flush()
        stage('integration %d' % (it + 1))
stage('closed')
