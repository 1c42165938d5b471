namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>How somebody broke the rules of a ceremony.</summary>
public enum CeremonyFaultKind
{
    /// <summary>The proof of knowledge of a key does not hold. Ends the ceremony.</summary>
    KeyProof,

    /// <summary>A dealing was made for other keys than those announced. The dealer drops out.</summary>
    OtherKeys,

    /// <summary>A dealing has not a commitment for each coefficient, or not a box for each holder. The dealer drops out.</summary>
    WrongCount,

    /// <summary>The proof of knowledge of the lowest coefficient does not hold. The dealer drops out.</summary>
    DealingProof,

    /// <summary>A holder that hands a key over dealt something else than its share. The dealer drops out.</summary>
    OtherSecret,

    /// <summary>A box holds no share that fits the commitments. The dealer drops out.</summary>
    BadShare,

    /// <summary>A verdict is about other dealings than those published. Ends the ceremony.</summary>
    OtherDealings,

    /// <summary>A complaint names no dealer, or its proof does not hold. The holder drops out as a dealer.</summary>
    ComplaintProof,

    /// <summary>A complaint is about a box with a good share in it. The holder drops out as a dealer.</summary>
    FalseComplaint,

    /// <summary>A confirmation names another key. It does not count.</summary>
    OtherKey,

    /// <summary>The proof of knowledge of a share does not hold. The confirmation does not count.</summary>
    ShareProof,
}
