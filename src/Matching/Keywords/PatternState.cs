namespace FederationNode.Matching.Keywords;

/// <summary>A state of <see cref="PatternAutomaton"/>: 16 bytes, so a step touches two cache lines.</summary>
internal struct PatternState
{
    /// <summary>Offset of the state's children in the array.</summary>
    public int Base;

    /// <summary>The state that leads here, or -1 for a free slot.</summary>
    public int Check;

    /// <summary>The state of the longest proper suffix.</summary>
    public int Fail;

    /// <summary>The longest pattern that ends here, or -1.</summary>
    public int Output;
}
