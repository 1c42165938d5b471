namespace FederationNode.Matching.Keywords;

/// <summary>
/// Builds a <see cref="PatternAutomaton"/> breadth first from sorted patterns: a state is a range of them that share a
/// prefix, so the trie never exists as nodes. The same patterns always give the same tables.
/// </summary>
internal sealed class PatternAutomatonBuilder
{
    /// <summary>Free slots tried before children go to the end: bounds the time, costs a little space.</summary>
    private const int MaxProbes = 128;

    private readonly string[] _patterns;
    private readonly ushort[] _classes;
    private readonly int _classCount;
    private readonly int[] _suffixes;
    private readonly Queue<Prefix> _queue = new();
    private readonly List<Child> _children = [];
    private PatternState[] _states;
    private int _firstFree = 1;
    private int _used = 1;

    private PatternAutomatonBuilder(string[] patterns)
    {
        _patterns = patterns;
        _suffixes = new int[patterns.Length];
        (_classes, _classCount) = Classify(patterns);
        _states = [];
        Reserve(patterns.Length + _classCount + 1);
    }

    /// <summary>Builds the automaton.</summary>
    /// <param name="patterns">Not empty, sorted by UTF-16 unit, all different.</param>
    public static PatternAutomaton Build(string[] patterns) => new PatternAutomatonBuilder(patterns).Build();

    private PatternAutomaton Build()
    {
        _states[0].Check = 0;
        _queue.Enqueue(new Prefix(0, 0, _patterns.Length, 0));
        while (_queue.TryDequeue(out var prefix))
        {
            Expand(prefix);
        }

        // A step reads at most one class behind the last state; those slots must be free ones.
        Reserve(_used + 1);
        Array.Resize(ref _states, _used + _classCount + 1);
        var lengths = Array.ConvertAll(_patterns, pattern => pattern.Length);
        return new PatternAutomaton(_classes, _states, _suffixes, lengths);
    }

    private static (ushort[] Classes, int Count) Classify(string[] patterns)
    {
        var counts = new int[char.MaxValue + 1];
        foreach (var unit in patterns.SelectMany(pattern => pattern))
        {
            counts[unit]++;
        }

        var classes = new ushort[counts.Length];
        ushort count = 0;
        var used = Enumerable.Range(0, counts.Length).Where(unit => counts[unit] > 0);
        foreach (var unit in used.OrderByDescending(unit => counts[unit]))
        {
            classes[unit] = ++count;
        }

        return (classes, count);
    }

    /// <summary>Gives the children of a state their slots, fail links and outputs.</summary>
    private void Expand(Prefix prefix)
    {
        CollectChildren(prefix);
        if (_children.Count == 0)
        {
            return;
        }

        var offset = FindOffset();
        _states[prefix.State].Base = offset;
        foreach (var child in _children)
        {
            var state = offset + child.Class;
            _states[state].Check = prefix.State;
            _used = Math.Max(_used, state + 1);
        }

        foreach (var child in _children)
        {
            Link(prefix, offset + child.Class, child);
            _queue.Enqueue(new Prefix(offset + child.Class, child.Start, child.End, prefix.Depth + 1));
        }
    }

    private void CollectChildren(Prefix prefix)
    {
        _children.Clear();
        var start = prefix.Start;
        while (start < prefix.End && _patterns[start].Length == prefix.Depth)
        {
            start++;
        }

        while (start < prefix.End)
        {
            var unit = _patterns[start][prefix.Depth];
            var end = start + 1;
            while (end < prefix.End && _patterns[end][prefix.Depth] == unit)
            {
                end++;
            }

            _children.Add(new Child(_classes[unit], start, end));
            start = end;
        }
    }

    private int FindOffset()
    {
        var lowest = int.MaxValue;
        foreach (var child in _children)
        {
            lowest = Math.Min(lowest, child.Class);
        }

        while (_firstFree < _used && _states[_firstFree].Check >= 0)
        {
            _firstFree++;
        }

        var slot = Math.Max(_firstFree, lowest);
        for (var probe = 0; probe < MaxProbes && slot < _used; probe++, slot++)
        {
            Reserve(slot - lowest + _classCount + 1);
            if (Fits(slot - lowest))
            {
                return slot - lowest;
            }
        }

        var offset = Math.Max(_used - lowest, 0);
        Reserve(offset + _classCount + 1);
        return offset;
    }

    private bool Fits(int offset)
    {
        foreach (var child in _children)
        {
            if (_states[offset + child.Class].Check >= 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Breadth first, so all shorter prefixes have their links already.</summary>
    private void Link(Prefix parent, int state, Child child)
    {
        var fail = parent.State == 0 ? 0 : PatternAutomaton.Step(_states, _states[parent.State].Fail, child.Class);
        _states[state].Fail = fail;
        _states[state].Output = _states[fail].Output;
        if (_patterns[child.Start].Length == parent.Depth + 1)
        {
            _suffixes[child.Start] = _states[fail].Output;
            _states[state].Output = child.Start;
        }
    }

    private void Reserve(int count)
    {
        var old = _states.Length;
        // The classes on top: Step looks that far behind any state while links are being made.
        if (count + _classCount <= old)
        {
            return;
        }

        Array.Resize(ref _states, Math.Max(count + _classCount, old * 2));
        _states.AsSpan(old).Fill(new PatternState { Check = -1, Output = PatternAutomaton.None });
    }

    private readonly record struct Prefix(int State, int Start, int End, int Depth);

    private readonly record struct Child(int Class, int Start, int End);
}
