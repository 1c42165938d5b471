using System.Runtime.CompilerServices;

namespace FederationNode.Matching.Exact;

/// <summary>Where in an <see cref="ExactTable"/> the search for a fingerprint stands.</summary>
internal readonly struct ExactSearch
{
    private readonly int _next;

    /// <summary>A search that begins with a line.</summary>
    public ExactSearch(ulong fingerprint, int line)
        : this(fingerprint, line, 0)
    {
    }

    private ExactSearch(ulong fingerprint, int line, int next) => (Fingerprint, Line, _next) = (fingerprint, line, next);

    /// <summary>What is looked for.</summary>
    public ulong Fingerprint { get; }

    /// <summary>The line.</summary>
    public int Line { get; }

    /// <summary>The slot of the entry that was found.</summary>
    public int Slot => _next - 1;

    /// <summary>The slots of the line that were not looked at, as bits.</summary>
    public uint SlotsLeft => uint.MaxValue << _next;

    /// <summary>The search after an entry was found in a slot.</summary>
    public ExactSearch Behind(int slot) => new(Fingerprint, Line, slot + 1);

    /// <summary>The search at the first slot of another line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ExactSearch OfLine(int line) => new(Fingerprint, line, 0);
}
