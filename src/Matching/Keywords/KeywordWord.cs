namespace FederationNode.Matching.Keywords;

/// <summary>How a text writes one word of a keyword, and whether that may still be it.</summary>
internal struct KeywordWord
{
    private int _doubled;
    private bool _isLong;
    private bool _isOdd;

    /// <summary>Stretches of equal letters.</summary>
    public int Runs { get; set; }

    /// <summary>Letters that letters stand for.</summary>
    public int Real { get; set; }

    /// <summary>Letters that digits or symbols stand for.</summary>
    public int Signs { get; set; }

    /// <summary>Places with separators that the keyword has not.</summary>
    public int Gaps { get; set; }

    /// <summary>Those of them with white space.</summary>
    public int SpacedGaps { get; set; }

    /// <summary>
    /// Two letters at least are real where signs stand for others. White space stands between all letters or nowhere.
    /// Doubling means something only if it is more than a slip.
    /// </summary>
    public readonly bool Holds =>
        (Signs == 0 || Real >= 2)
        && (SpacedGaps == 0 || (Gaps == Runs - 1 && Runs >= 3))
        && (_doubled == 0 || _isLong || _isOdd || _doubled >= 2);

    /// <summary>Takes note of letters more than the keyword has; false if they cannot be that.</summary>
    public bool TryRepeat(int found, int wanted, char letter, bool isNeverDoubled)
    {
        if (letter is >= '0' and <= '9')
        {
            return false;
        }

        _isLong |= found > Math.Max(2, wanted);
        _isOdd |= isNeverDoubled;
        _doubled++;
        return true;
    }
}
