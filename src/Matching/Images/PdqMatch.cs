namespace FederationNode.Matching.Images;

/// <summary>A hash found near a query.</summary>
/// <param name="Id">The id it was added with.</param>
/// <param name="Distance">Hamming distance to the query, 0 to 31 bits.</param>
public readonly record struct PdqMatch(int Id, int Distance);
