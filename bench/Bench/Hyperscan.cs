using System.Runtime.InteropServices;

namespace FederationNode.Bench;

/// <summary>Intel's Hyperscan, by its C interface: literals, all matches, one block a text.</summary>
internal sealed unsafe partial class Hyperscan : IDisposable
{
    private const string Library = "libhs.so.5";
    private const uint BlockMode = 1;

    private readonly nint _database;
    private readonly nint _scratch;

    private Hyperscan(nint database, nint scratch) => (_database, _scratch) = (database, scratch);

    /// <summary>Compiles literals, or returns null where the library is missing.</summary>
    public static Hyperscan? Compile(byte[][] literals)
    {
        var pins = literals.Select(l => GCHandle.Alloc(l, GCHandleType.Pinned)).ToArray();
        try
        {
            var expressions = pins.Select(p => p.AddrOfPinnedObject()).ToArray();
            var flags = new uint[literals.Length];
            var ids = Enumerable.Range(0, literals.Length).Select(i => (uint)i).ToArray();
            var lengths = literals.Select(l => (nuint)l.Length).ToArray();
            if (CompileLiterals(
                    expressions, flags, ids, lengths, (uint)literals.Length, BlockMode, 0, out var database, out _) != 0
                || AllocateScratch(database, out var scratch) != 0)
            {
                throw new InvalidOperationException("Hyperscan does not take the keywords.");
            }

            return new Hyperscan(database, scratch);
        }
        catch (DllNotFoundException)
        {
            return null;
        }
        finally
        {
            Array.ForEach(pins, p => p.Free());
        }
    }

    /// <summary>Counts matches.</summary>
    public long Count(ReadOnlySpan<byte> text)
    {
        long count = 0;
        fixed (byte* start = text)
        {
            _ = Scan(_database, start, (uint)text.Length, 0, _scratch, &OnMatch, &count);
        }

        return count;
    }

    public void Dispose()
    {
        _ = FreeScratch(_scratch);
        _ = FreeDatabase(_database);
    }

    [UnmanagedCallersOnly]
    private static int OnMatch(uint id, ulong from, ulong to, uint flags, void* context)
    {
        ++*(long*)context;
        return 0;
    }

    [LibraryImport(Library, EntryPoint = "hs_compile_lit_multi")]
    private static partial int CompileLiterals(
        nint[] expressions,
        uint[] flags,
        uint[] ids,
        nuint[] lengths,
        uint elements,
        uint mode,
        nint platform,
        out nint database,
        out nint error);

    [LibraryImport(Library, EntryPoint = "hs_alloc_scratch")]
    private static partial int AllocateScratch(nint database, out nint scratch);

    [LibraryImport(Library, EntryPoint = "hs_scan")]
    private static partial int Scan(
        nint database,
        byte* data,
        uint length,
        uint flags,
        nint scratch,
        delegate* unmanaged<uint, ulong, ulong, uint, void*, int> onMatch,
        void* context);

    [LibraryImport(Library, EntryPoint = "hs_free_scratch")]
    private static partial int FreeScratch(nint scratch);

    [LibraryImport(Library, EntryPoint = "hs_free_database")]
    private static partial int FreeDatabase(nint database);
}
