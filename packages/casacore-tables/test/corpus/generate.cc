// Writes the tables of this folder that python-casacore cannot make: tiled-data-{le,be} (TiledDataStMan),
// odd-types-{le,be} (type uShort, keywords of every type) and virtual (columns without storage of their own).
//
//   g++ -std=c++17 generate.cc -lcasa_tables -lcasa_casa -o generate && ./generate OUTPUT_DIRECTORY
//
// needs casacore-dev (Debian). Values follow the formulas in read-corpus.test.ts.
#include <casacore/casa/Arrays/ArrayMath.h>
#include <casacore/casa/Containers/Record.h>
#include <casacore/tables/DataMan/BitFlagsEngine.h>
#include <casacore/tables/DataMan/ForwardCol.h>
#include <casacore/tables/DataMan/ScaledArrayEngine.h>
#include <casacore/tables/DataMan/StandardStMan.h>
#include <casacore/tables/DataMan/TiledDataStMan.h>
#include <casacore/tables/DataMan/TiledDataStManAccessor.h>
#include <casacore/tables/DataMan/VirtualTaQLColumn.h>
#include <casacore/tables/Tables.h>

#include <string>

using namespace casacore;

static Table::EndianFormat endianOf(const std::string& name) {
  return name == "le" ? Table::LittleEndian : Table::BigEndian;
}

// Three hypercubes of different shapes with ids and coordinates; their rows are interleaved.
static void writeTiledData(const std::string& out, const std::string& endian) {
  TableDesc desc("tiled-data", TableDesc::Scratch);
  desc.addColumn(ArrayColumnDesc<Complex>("DATA", 2));
  desc.addColumn(ArrayColumnDesc<Bool>("FLAG", 2));
  desc.addColumn(ArrayColumnDesc<Float>("WEIGHT", 2));
  desc.addColumn(ArrayColumnDesc<Int>("POL", 1));
  desc.addColumn(ArrayColumnDesc<Double>("FREQ", 1));
  desc.addColumn(ScalarColumnDesc<Double>("TIME"));
  desc.addColumn(ScalarColumnDesc<Int>("CUBE"));
  desc.addColumn(ScalarColumnDesc<String>("LABEL"));
  desc.defineHypercolumn("TiledData", 3, stringToVector("DATA,FLAG,WEIGHT"), stringToVector("POL,FREQ,TIME"),
                         stringToVector("CUBE,LABEL"));
  SetupNewTable setup(out + "/tiled-data-" + endian, desc, Table::New);
  TiledDataStMan manager("TiledData");
  setup.bindAll(manager);
  Table table(setup, 0, False, endianOf(endian));
  TiledDataStManAccessor accessor(table, "TiledData");
  ArrayColumn<Complex> data(table, "DATA");
  ArrayColumn<Bool> flag(table, "FLAG");
  ArrayColumn<Float> weight(table, "WEIGHT");
  for (Int cube = 0; cube < 3; ++cube) {
    const Int polCount = 2 + cube, chanCount = 5 - cube;
    Record values;
    Vector<Int> pols(polCount);
    indgen(pols, 5);
    Vector<Double> freqs(chanCount);
    indgen(freqs, 1.0e9, 1.0e6);
    values.define("POL", pols);
    values.define("FREQ", freqs);
    values.define("CUBE", cube);
    values.define("LABEL", "cube " + String::toString(cube));
    accessor.addHypercube(IPosition(3, polCount, chanCount, 0), IPosition(3, 2, 2, 3), values);
  }
  for (Int turn = 0; turn < 4; ++turn) {
    for (Int cube = 0; cube < 3; ++cube) {
      Record values;
      values.define("CUBE", cube);
      values.define("LABEL", "cube " + String::toString(cube));
      const uInt count = turn + cube + 1;
      Vector<Double> times(count);
      const uInt first = table.nrow();
      indgen(times, Double(first));
      values.define("TIME", times);
      table.addRow(count);
      accessor.extendHypercube(count, values);
      for (uInt row = first; row < table.nrow(); ++row) {
        const IPosition shape(2, 2 + cube, 5 - cube);
        Matrix<Complex> visibilities(shape);
        Matrix<Bool> flags(shape);
        Matrix<Float> weights(shape);
        for (Int chan = 0; chan < shape(1); ++chan) {
          for (Int pol = 0; pol < shape(0); ++pol) {
            visibilities(pol, chan) = Complex(row + 0.25f * pol, chan);
            flags(pol, chan) = (row + pol + chan) % 3 == 0;
            weights(pol, chan) = row * 100 + chan * 10 + pol;
          }
        }
        data.put(row, visibilities);
        flag.put(row, flags);
        weight.put(row, weights);
      }
    }
  }
}

template <typename T>
static void defineKeywords(TableRecord& keywords, const String& name, T first) {
  Vector<T> values(3);
  for (uInt i = 0; i < 3; ++i) values(i) = T(first);
  keywords.define(name + "_scalar", T(first));
  keywords.define(name + "_array", values);
}

static void writeOddTypes(const std::string& out, const std::string& endian) {
  TableDesc desc("odd-types", TableDesc::Scratch);
  desc.addColumn(ScalarColumnDesc<uShort>("USHORT"));
  desc.addColumn(ArrayColumnDesc<uShort>("USHORTS", 1));
  SetupNewTable setup(out + "/odd-types-" + endian, desc, Table::New);
  StandardStMan manager("StandardStMan", -5);
  setup.bindAll(manager);
  Table table(setup, 13, False, endianOf(endian));
  ScalarColumn<uShort> shorts(table, "USHORT");
  ArrayColumn<uShort> arrays(table, "USHORTS");
  for (uInt row = 0; row < table.nrow(); ++row) {
    shorts.put(row, uShort(row * 5000));
    Vector<uShort> values(row % 4 + 1);
    indgen(values, uShort(60000 + row));
    arrays.put(row, values);
  }
  TableRecord& keywords = table.rwKeywordSet();
  defineKeywords<Bool>(keywords, "bool", True);
  defineKeywords<uChar>(keywords, "uchar", 200);
  defineKeywords<Short>(keywords, "short", -300);
  defineKeywords<Int>(keywords, "int", -70000);
  defineKeywords<uInt>(keywords, "uint", 4000000000u);
  defineKeywords<Int64>(keywords, "int64", Int64(1) << 40);
  defineKeywords<Float>(keywords, "float", 0.1f);
  defineKeywords<Double>(keywords, "double", 0.1);
  defineKeywords<Complex>(keywords, "complex", Complex(1, -2));
  defineKeywords<DComplex>(keywords, "dcomplex", DComplex(3, -4));
  defineKeywords<String>(keywords, "string", "text");
  RecordDesc fixed;
  fixed.addField("a", TpInt);
  fixed.addField("list", TpArrayDouble, IPosition(1, 2));
  Record inner(fixed, RecordInterface::Fixed);
  inner.define("a", 7);
  inner.define("list", Vector<Double>(2, 1.5));
  keywords.defineRecord("fixed", inner, RecordInterface::Fixed);
  keywords.setComment("fixed", "a comment on a keyword");
  RecordDesc outer;
  outer.addField("inner", fixed);
  keywords.defineRecord("nested", Record(outer, RecordInterface::Fixed), RecordInterface::Fixed);
}

// Column A is stored; each other one is made from another column by its manager when it is read.
static void writeVirtual(const std::string& out) {
  TableDesc desc("virtual", TableDesc::Scratch);
  desc.addColumn(ScalarColumnDesc<Int>("A"));
  desc.addColumn(ArrayColumnDesc<Int>("BITS"));
  desc.addColumn(ArrayColumnDesc<Bool>("FLAGS"));
  desc.addColumn(ArrayColumnDesc<Short>("PACKED"));
  desc.addColumn(ArrayColumnDesc<Double>("SCALED"));
  desc.addColumn(ScalarColumnDesc<Int>("CALCULATED"));
  SetupNewTable setup(out + "/virtual", desc, Table::New);
  StandardStMan standard("StandardStMan");
  setup.bindAll(standard);
  BitFlagsEngine<Int> bits("FLAGS", "BITS");
  setup.bindColumn("FLAGS", bits);
  ScaledArrayEngine<Double, Short> scaled("SCALED", "PACKED", 0.5);
  setup.bindColumn("SCALED", scaled);
  VirtualTaQLColumn calculated("A*2");
  setup.bindColumn("CALCULATED", calculated);
  Table table(setup, 4, False, Table::LittleEndian);
  ScalarColumn<Int> a(table, "A");
  for (uInt row = 0; row < 4; ++row) a.put(row, row + 1);
}

// OWN is stored here; USHORT is that of odd-types-le.
static void writeForward(const std::string& out) {
  Table other(out + "/odd-types-le");
  TableDesc desc("forward", TableDesc::Scratch);
  desc.addColumn(ScalarColumnDesc<uShort>("USHORT"));
  desc.addColumn(ScalarColumnDesc<Int>("OWN"));
  SetupNewTable setup(out + "/forward", desc, Table::New);
  ForwardColumnEngine forward(other, "forward");
  setup.bindColumn("USHORT", forward);
  Table table(setup, other.nrow(), False, Table::LittleEndian);
  ScalarColumn<Int> own(table, "OWN");
  for (uInt row = 0; row < table.nrow(); ++row) own.put(row, row + 10);
}

int main(int argc, char** argv) {
  const std::string out = argc > 1 ? argv[1] : ".";
  for (const char* endian : {"le", "be"}) {
    writeTiledData(out, endian);
    writeOddTypes(out, endian);
  }
  writeVirtual(out);
  writeForward(out);
}
