export default function ProjectLayout() {
  return null;
}
