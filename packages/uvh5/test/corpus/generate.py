"""Writes the corpus beside this file with h5py, and golden.json with the hash of every dataset.

Run with Debian's python3-h5py: /usr/bin/python3 generate.py. The files hold random numbers of a fixed seed; nothing in them
was observed. `engine` in golden.json says which reader is expected to serve the file, `whole` what isWhole says.
"""
import glob, hashlib, json, os
import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
NANT, NTIMES, NCHAN = 5, 3, 10
PAIRS = [(j, i) for i in range(NANT) for j in range(i + 1)]
NBLS = len(PAIRS)
NBLTS = NBLS * NTIMES
JD0 = 2460951.75
golden = {}


def content(seed, npol=2, nblts=NBLTS, mixed=True):
    rng = np.random.default_rng(seed)
    shape = (nblts, NCHAN, npol)
    vis = (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)
    vis[nblts // 3:nblts // 3 + 1] = np.nan
    flags = rng.random(shape) < 0.2 if mixed else np.zeros(shape, bool)
    nsamples = rng.integers(90, 97, shape).astype(np.float32) if mixed else np.full(shape, 96, np.float32)
    return vis, flags, nsamples


def header(h, nblts=NBLTS, npol=2, current=False, endian='<', strings=np.string_, seed=1):
    rng = np.random.default_rng(seed)
    i8, f8, f4 = endian + 'i8', endian + 'f8', endian + 'f4'
    put = lambda name, value, dtype: h.create_dataset(name, data=np.asarray(value).astype(dtype))
    for name, value in (('latitude', 37.2334051), ('longitude', -118.283), ('altitude', 1188.05)):
        put(name, value, f8)
    for name, value in (('telescope_name', 'OVRO_MMA'), ('instrument', 'DSA'), ('object_name', 'search'), ('history', 'random numbers')):
        h[name] = strings(value)
    ntimes = nblts // NBLS
    counts = dict(Nants_data=NANT, Nants_telescope=NANT + 2, Nbls=NBLS, Nblts=nblts, Nfreqs=NCHAN, Npols=npol, Ntimes=ntimes, Nspws=1)
    for name, value in counts.items():
        put(name, value, i8)
    numbers = np.arange(NANT + 2) * 3
    put('antenna_numbers', numbers, i8)
    names = ['ant%d' % n for n in numbers]
    if strings is np.string_:
        h['antenna_names'] = np.array(names, 'S6')
    else:
        h.create_dataset('antenna_names', data=np.array(names, object), dtype=h5py.string_dtype())
    put('antenna_positions', rng.normal(size=(NANT + 2, 3)) * 300, f8)
    put('antenna_diameters', np.full(NANT + 2, 4.65), f8)
    a = np.array(PAIRS * ntimes, int).reshape(nblts, 2)
    grow = dict(maxshape=(None,), chunks=(16,))
    h.create_dataset('ant_1_array', data=numbers[a[:, 0]].astype(i8), **grow)
    h.create_dataset('ant_2_array', data=numbers[a[:, 1]].astype(i8), **grow)
    times = np.repeat(JD0 + np.arange(ntimes) * 12.885 / 86400, NBLS)
    h.create_dataset('time_array', data=times.astype(f8), **grow)
    h.create_dataset('integration_time', data=np.full(nblts, 12.884902000427246).astype(f8), **grow)
    h.create_dataset('uvw_array', data=(rng.normal(size=(nblts, 3)) * 500).astype(f4), maxshape=(None, 3), chunks=(16, 2))
    freq = 1.498e9 - 244140.625 * np.arange(NCHAN)
    put('polarization_array', [-5, -6, -7, -8][:npol], i8)
    if current:
        h['version'] = strings('1.2')
        put('freq_array', freq, f8)
        put('channel_width', np.full(NCHAN, -244140.625), f8)
        put('spw_array', [3], i8)
        put('flex_spw_id_array', np.full(NCHAN, 3), i8)
        h['vis_units'] = strings('uncalib')
        h['telescope_frame'] = strings('itrs')
        put('phase_center_id_array', np.full(nblts, 7), i8)
        for name in ('app_ra', 'app_dec', 'frame_pa'):
            put('phase_center_' + name, rng.uniform(0, 1, nblts), f8)
        put('lst_array', rng.uniform(0, 6, nblts), f8)
        h['mount_type'] = np.array(['fixed'] * (NANT + 2), 'S8')
        put('dut1', 0.094, f8)
        h['x_orientation'] = strings('east')
        c = h.create_group('phase_center_catalog/7')
        c['cat_name'], c['cat_type'], c['cat_frame'] = strings('field'), strings('sidereal'), strings('icrs')
        c['cat_lon'], c['cat_lat'], c['cat_epoch'] = 1.25, 0.95, 2000.0
        for name in ('cat_dist', 'cat_vrad', 'cat_pm_ra', 'cat_pm_dec', 'cat_times'):
            c[name] = h5py.Empty('f')
    else:
        put('freq_array', freq[np.newaxis], f8)
        put('channel_width', 244140.625, f8)
        put('spw_array', [1], i8)
        h['phase_type'] = strings('drift')
        put('phase_center_app_dec', 0.95, f8)
    e = h.create_group('extra_keywords')
    e['phase_center_dec'] = 0.95
    e['phase_center_epoch'] = 'HADEC'
    e['big'] = 2 ** 62 + 1
    e['fs_table'] = np.string_('table.npz')
    e['flag'] = True


def data(d, vis, flags, nsamples, spw=True, chunks=(16, 4, 1), vis_dtype=None, per=None, **kw):
    """Each array with its own chunk shape, so that chunk edges differ; `kw` are filters."""
    axis = lambda x: x[:, None] if spw else x
    if vis_dtype is not None and np.dtype(vis_dtype).names:
        whole = np.empty(vis.shape, vis_dtype)
        whole['r'], whole['i'] = np.nan_to_num(vis.real) * 20, np.nan_to_num(vis.imag) * 20
        vis = whole
    elif vis_dtype is not None:
        vis = vis.astype(vis_dtype)
    for k, (name, x) in enumerate((('visdata', vis), ('flags', flags), ('nsamples', nsamples))):
        x = axis(x)
        c = None
        if chunks is not None:
            c = (chunks[0] * (k + 1),) + ((1,) if spw else ()) + (chunks[1] + k, chunks[2] if k != 1 else x.shape[-1])
            c = tuple(min(a, b) if d_ else a for d_, (a, b) in enumerate(zip(c, x.shape)))
        extra = dict(kw)
        if per:
            extra.update(per(name))
        d.create_dataset(name, data=x, chunks=c, maxshape=((None,) + x.shape[1:]) if c else None, **extra)


def digest(x):
    x = np.asarray(x)
    if x.dtype.kind == 'O':
        return hashlib.sha256('\0'.join(s.decode() if isinstance(s, bytes) else s for s in x.ravel()).encode()).hexdigest()
    return hashlib.sha256(np.ascontiguousarray(x).astype(x.dtype.newbyteorder('<')).tobytes()).hexdigest()


def finish(name, engine='own', verdict='complete', code='OK'):
    entry = dict(engine=engine, whole=[verdict, code], datasets={})

    def visit(path, o):
        if isinstance(o, h5py.Dataset):
            entry['datasets'][path] = dict(shape=None, sha256=None) if o.shape is None else dict(shape=list(o.shape), sha256=digest(o[()]))
    with h5py.File(os.path.join(HERE, name), 'r') as f:
        f.visititems(visit)
        v, fl, ns = (f['Data'][k][()] for k in ('visdata', 'flags', 'nsamples'))
        if v.dtype.names:
            v = v['r'].astype(np.float64) + 1j * v['i'].astype(np.float64)
        entry['rows'] = dict(vis32=digest(v.astype(np.complex64)), vis64=digest(v.astype(np.complex128)), flags=digest(fl.astype(np.uint8)), nsamples=digest(ns.astype(np.float32)))
    golden[name] = entry


def simple(name, seed, engine='own', whole=('complete', 'OK'), file_kw={}, current=False, npol=2, nblts=NBLTS, mixed=True, endian='<', strings=np.string_, after=None, **kw):
    path = os.path.join(HERE, name)
    with h5py.File(path, 'w', **file_kw) as f:
        header(f.create_group('Header'), nblts, npol, current, endian, strings, seed)
        vis, flags, nsamples = content(seed, npol, nblts, mixed)
        data(f.create_group('Data'), vis, flags, nsamples, spw=not current, **kw)
        if after:
            after(f)
    finish(name, engine, *whole)


for old in glob.glob(os.path.join(HERE, '*.uvh5')):
    os.remove(old)
pair = lambda t: np.dtype([('r', t), ('i', t)])
simple('legacy.uvh5', 1, chunks=(8, 4, 1))
simple('legacy-uniform.uvh5', 2, mixed=False)
simple('legacy-one-pol-chunks.uvh5', 3, mixed=False, chunks=(8, 3, 2))
simple('current.uvh5', 4, current=True)
simple('current-four-pols.uvh5', 5, current=True, npol=4, chunks=(7, 4, 3))
simple('one-pol.uvh5', 6, npol=1)
simple('contiguous.uvh5', 7, chunks=None)
simple('gzip.uvh5', 8, compression='gzip')
simple('gzip-shuffle.uvh5', 9, compression='gzip', shuffle=True)
simple('lzf.uvh5', 10, compression='lzf')
simple('lzf-shuffle.uvh5', 11, compression='lzf', shuffle=True, current=True)
simple('lzf-uniform.uvh5', 12, mixed=False, per=lambda n: {} if n == 'visdata' else dict(compression='lzf'))
simple('fletcher32.uvh5', 13, fletcher32=True)
simple('gzip-shuffle-fletcher32.uvh5', 14, compression='gzip', shuffle=True, fletcher32=True)
simple('fletcher32-odd.uvh5', 15, per=lambda n: dict(fletcher32=True), chunks=(3, 3, 1))
simple('big-endian.uvh5', 16, endian='>', vis_dtype='>c8')
simple('big-endian-gzip.uvh5', 17, endian='>', vis_dtype='>c16', compression='gzip', shuffle=True)
simple('complex128.uvh5', 18, vis_dtype='<c16')
simple('int32.uvh5', 19, vis_dtype=pair('<i4'), current=True)
simple('int16-big-endian.uvh5', 20, vis_dtype=pair('>i2'))
simple('int8.uvh5', 21, vis_dtype=pair('i1'), compression='lzf')
simple('int64.uvh5', 22, vis_dtype=pair('<i8'))
simple('empty.uvh5', 23, nblts=0)
simple('user-block.uvh5', 24, file_kw=dict(userblock_size=1024))
simple('vlen-strings.uvh5', 25, strings=str)
simple('superblock-2.uvh5', 26, engine='h5wasm', file_kw=dict(libver=('v108', 'v108')))
simple('creation-order.uvh5', 27, file_kw=dict(track_order=True))


def attributes(f):
    for k in range(40):
        f['Header'].attrs['a%d' % k] = 'x' * 50
        f['Data/visdata'].attrs['b%d' % k] = np.arange(20)


simple('attributes.uvh5', 28, after=attributes)


def many(f):
    for k in range(200):
        f['Header/extra_keywords']['key%04d' % k] = k


simple('many-keywords.uvh5', 29, after=many, chunks=None)


def hole(f):
    d = f['Data/nsamples']
    x, kw = d[()], dict(chunks=d.chunks, maxshape=d.maxshape, fillvalue=5)
    del f['Data/nsamples']
    d = f['Data'].create_dataset('nsamples', x.shape, 'f4', **kw)
    d[:20] = x[:20]


simple('missing-chunks.uvh5', 30, chunks=(8, 4, 1), whole=('writing', 'CHUNKS_MISSING'), after=hole)


def compact(f):
    x = f['Header/antenna_positions'][()]
    del f['Header/antenna_positions']
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    d = h5py.h5d.create(f['Header'].id, b'antenna_positions', h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple(x.shape), plist)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, x)


simple('compact.uvh5', 31, after=compact)


def mask(f):
    """The first chunk of visdata skipped its filters, which the mask in the index says."""
    d = f['Data/visdata']
    piece = np.ascontiguousarray(d[:d.chunks[0], :, :d.chunks[2], :d.chunks[3]])
    d.id.write_direct_chunk((0, 0, 0, 0), piece.tobytes(), 3)


simple('filter-mask.uvh5', 32, compression='gzip', shuffle=True, after=mask)



def links(f):
    f['Header/alias'] = f['Header/history']
    f['Alias'] = f['Data']


simple('hard-links.uvh5', 33, after=links)
with h5py.File(os.path.join(HERE, 'superblock-3.uvh5'), 'w', libver='latest') as f, h5py.File(os.path.join(HERE, 'legacy.uvh5'), 'r') as g:
    for k in g:
        g.copy(k, f)
finish('superblock-3.uvh5')
# Small ones, to be damaged a hundred thousand times.
one = dict(nblts=NBLS)
simple('fuzz-legacy.uvh5', 50, chunks=(4, 5, 1), **one)
simple('fuzz-current-lzf.uvh5', 51, chunks=(4, 5, 1), current=True, compression='lzf', shuffle=True, **one)
simple('fuzz-fletcher32.uvh5', 52, chunks=(4, 5, 1), compression='gzip', shuffle=True, fletcher32=True, **one)
simple('fuzz-contiguous.uvh5', 53, chunks=None, mixed=False, **one)
with h5py.File(os.path.join(HERE, 'fuzz-superblock-3.uvh5'), 'w', libver='latest') as f, h5py.File(os.path.join(HERE, 'fuzz-legacy.uvh5'), 'r') as g:
    for k in g:
        g.copy(k, f)
finish('fuzz-superblock-3.uvh5')
latest = dict(libver='latest')
simple('latest-extensible-array.uvh5', 40, engine='h5wasm', file_kw=latest)
simple('latest-gzip.uvh5', 41, engine='h5wasm', file_kw=latest, compression='gzip', current=True)


def fixed_array(f):
    x = f['Data/visdata'][()]
    del f['Data/visdata']
    f['Data'].create_dataset('visdata', data=x, chunks=(16, 1, 4, 1))


simple('latest-fixed-array.uvh5', 42, engine='h5wasm', file_kw=latest, after=fixed_array)


def committed(f):
    f['type'] = np.dtype('<f4')
    x = f['Data/nsamples'][()]
    del f['Data/nsamples']
    f['Data'].create_dataset('nsamples', data=x, dtype=f['type'])


simple('committed-type.uvh5', 43, engine='h5wasm', after=committed)
simple('scale-offset.uvh5', 44, engine='h5wasm', per=lambda n: dict(scaleoffset=0) if n == 'nsamples' else {})
simple('fallback-big-endian.uvh5', 45, engine='h5wasm', endian='>', vis_dtype='>c8', file_kw=latest)
simple('fallback-int32.uvh5', 46, engine='h5wasm', vis_dtype=pair('<i4'), file_kw=latest)


def bitshuffle(piece):
    """One chunk as the bitshuffle filter with LZ4 stores it; LZ4 of literals only, which is a legal stream."""
    size, raw = piece.dtype.itemsize, piece.tobytes()
    n = piece.size
    block = max(8, 8192 // size // 8 * 8)
    out = len(raw).to_bytes(8, 'big') + (block * size).to_bytes(4, 'big')
    for start in list(range(0, n // 8 * 8, block)):
        count = min(block, n // 8 * 8 - start)
        bits = np.unpackbits(np.frombuffer(raw, np.uint8, count * size, start * size).reshape(count, size), axis=1, bitorder='little')
        literals = np.packbits(bits.T, axis=1, bitorder='little').tobytes()
        rest = len(literals) - 15
        token = bytes([240]) + bytes([255] * (rest // 255) + [rest % 255]) if rest >= 0 else bytes([len(literals) << 4])
        out += (len(token) + len(literals)).to_bytes(4, 'big') + token + literals
    return out + raw[n // 8 * 8 * size:]


def filtered(f):
    for name in ('visdata', 'flags', 'nsamples'):
        d = f['Data'][name]
        x, chunks = d[()], d.chunks
        del f['Data'][name]
        space = h5py.h5s.create_simple(x.shape, (h5py.h5s.UNLIMITED,) + x.shape[1:])
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk(chunks)
        plist.set_filter(32008, h5py.h5z.FLAG_OPTIONAL, (0, 4, x.dtype.itemsize, 0, 2))
        d = h5py.h5d.create(f['Data'].id, name.encode(), h5py.h5t.py_create(x.dtype, logical=True), space, plist)
        for at in np.ndindex(*[-(-a // b) for a, b in zip(x.shape, chunks)]):
            start = tuple(a * b for a, b in zip(at, chunks))
            part = x[tuple(slice(a, a + b) for a, b in zip(start, chunks))]
            piece = np.zeros(chunks, x.dtype)
            piece[tuple(slice(0, k) for k in part.shape)] = part
            d.write_direct_chunk(start, bitshuffle(piece))


path = os.path.join(HERE, 'bitshuffle.uvh5')
simple('bitshuffle.uvh5', 1, engine='h5wasm')
with h5py.File(path, 'r+') as f:
    filtered(f)

with open(os.path.join(HERE, 'golden.json'), 'w') as out:
    json.dump(golden, out, sort_keys=True, separators=(",", ":"), indent=None)
print(len(golden), 'files,', sum(os.path.getsize(os.path.join(HERE, n)) for n in golden) // 1024, 'KiB')
