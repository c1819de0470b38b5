namespace Holdfast.Server.Drill.Lab;

/// <summary>The laboratory cannot do what was asked; the message says what was tried and what to do.</summary>
/// <param name="message">What went wrong.</param>
internal sealed class LabException(string message) : InvalidOperationException(message);
