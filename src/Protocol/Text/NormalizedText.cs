namespace FederationNode.Protocol.Text;

/// <summary>A text normalised by <c>wlnorm/1</c>, and where each of its units came from. Immutable.</summary>
public sealed class NormalizedText
{
    private readonly int[] _starts;
    private readonly int[] _ends;

    internal NormalizedText(string text, int[] starts, int[] ends)
    {
        Text = text;
        _starts = starts;
        _ends = ends;
    }

    /// <summary>The normalised text.</summary>
    public string Text { get; }

    /// <summary>
    /// The part of the original text that the normalised unit at <paramref name="index"/> stands for. Both ends never
    /// go back as the index grows. Units that stand for a base and its combining marks share one part, and so do the
    /// units that one character was expanded to; a space stands for the whole run of white space.
    /// </summary>
    /// <exception cref="IndexOutOfRangeException">The normalised text has no such unit.</exception>
    public SourceRange Source(int index) => new(_starts[index], _ends[index]);
}
