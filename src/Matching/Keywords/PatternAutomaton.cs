namespace FederationNode.Matching.Keywords;

/// <summary>
/// Aho and Corasick's automaton (CACM 18(6) 1975) over UTF-16 units in a double array (Aoe 1989): one step a unit and
/// fail link, no allocation. Units are renumbered by frequency first, so that the array stays dense. Immutable.
/// <para>State 0 is the root. From state s the unit of class c leads to t = Base[s] + c if Check[t] = s.</para>
/// </summary>
internal sealed class PatternAutomaton
{
    /// <summary>No pattern.</summary>
    public const int None = -1;

    private readonly ushort[] _classes;
    private readonly PatternState[] _states;
    private readonly int[] _suffixes;
    private readonly int[] _lengths;

    internal PatternAutomaton(ushort[] classes, PatternState[] states, int[] suffixes, int[] lengths)
    {
        _classes = classes;
        _states = states;
        _suffixes = suffixes;
        _lengths = lengths;
    }

    /// <summary>Where a scan begins.</summary>
    public static int Root => 0;

    /// <summary>Bytes that the tables take.</summary>
    public long MemoryBytes =>
        (_classes.Length * sizeof(ushort)) + (_states.LongLength * 16) + (_suffixes.LongLength * 2 * sizeof(int));

    /// <summary>
    /// Reads from <paramref name="index"/> until a pattern ends. Returns the longest one that does, and leaves
    /// <paramref name="index"/> behind its last unit; <see cref="None"/> at the end of the text.
    /// </summary>
    public int Next(ReadOnlySpan<char> text, ref int index, ref int state)
    {
        var states = _states;
        var current = state;
        for (var position = index; position < text.Length; position++)
        {
            current = Step(states, current, _classes[text[position]]);
            var output = states[current].Output;
            if (output != None)
            {
                index = position + 1;
                state = current;
                return output;
            }
        }

        index = text.Length;
        state = current;
        return None;
    }

    /// <summary>The longest pattern that is a proper suffix of a pattern, or <see cref="None"/>.</summary>
    public int Suffix(int pattern) => _suffixes[pattern];

    /// <summary>Length of a pattern in UTF-16 units.</summary>
    public int Length(int pattern) => _lengths[pattern];

    /// <summary>Follows one unit of class <paramref name="unit"/>; class 0 is in no pattern.</summary>
    internal static int Step(PatternState[] states, int state, int unit)
    {
        if (unit == 0)
        {
            return 0;
        }

        while (true)
        {
            ref readonly var from = ref states[state];
            var target = from.Base + unit;
            if (states[target].Check == state)
            {
                return target;
            }

            if (state == 0)
            {
                return 0;
            }

            state = from.Fail;
        }
    }
}
