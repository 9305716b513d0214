import { parsePublicId, publicId } from '../domain/ids.js';
import { Arg, Ctx, Field, ID, ObjectType, Query, Resolver } from './decorators.js';
import { viewerOf, type Context } from './context.js';
import { erasureNode } from './erasure-types.js';
import { exportNode } from './export-types.js';
import { generationNode } from './generation-types.js';
import { imageNode } from './image.js';
import { Node } from './node-interface.js';
import { profileNode } from './profile.js';
import { replayNode } from './replay-types.js';
import { sweepNode } from './sweep-types.js';

@ObjectType({ description: 'A tenant: everything belongs to one, and nothing of another is ever seen.' })
export class Project {
  @Field(() => ID, { description: 'Id of the project.' })
  id: string;

  @Field(() => String, { description: 'Short name, unique on this server.' })
  slug: string;

  @Field(() => String, { description: 'Name for people.' })
  name: string;
}

@ObjectType({ description: 'Who is asking, by the credential that came with the request.' })
export class Viewer {
  @Field(() => Project, { description: 'The project that the credential belongs to.' })
  project: Project;

  @Field(() => String, { description: 'Name of the API key in use.' })
  keyName: string;

  @Field(() => Boolean, { description: 'Whether the key is an operator’s: it may pause and resume provider accounts.' })
  operator: boolean;
}

@Resolver()
export class NodeResolver {
  @Query(() => Viewer, { description: 'Who is asking.' })
  viewer(@Ctx() context: Context): Viewer {
    const { projectId, projectSlug, projectName, keyName, operator } = viewerOf(context);
    return { project: { id: publicId('Project', projectId), slug: projectSlug, name: projectName }, keyName, operator };
  }

  @Query(() => Node, {
    nullable: true,
    description: 'Anything by its id; null when there is no such thing in your project.',
  })
  async node(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Any id: the prefix says what it names.' }) id: string,
  ): Promise<Node | null> {
    const { projectId } = viewerOf(context);
    const parsed = parsePublicId(id);
    const { services, loaders } = context;
    switch (parsed?.type) {
      case 'Generation': {
        const generation = await services.history.generation(projectId, parsed.key);
        return generation === null ? null : generationNode(generation);
      }
      case 'FinetuneProfile': {
        const profile = await loaders.profile.load(parsed.key);
        return profile === null ? null : profileNode(profile);
      }
      case 'Image': {
        const image = await loaders.image.load(parsed.key);
        return image === null ? null : imageNode(image, services.publicUrl);
      }
      case 'Sweep': {
        const [sweep] = await services.sweeps.find(projectId, [parsed.key]);
        return sweep === undefined ? null : sweepNode(sweep);
      }
      case 'Replay': {
        const [replay] = await services.replays.find(projectId, [parsed.key]);
        return replay === undefined ? null : replayNode(replay);
      }
      case 'Erasure': {
        const [erasure] = await services.erasures.find(projectId, [parsed.key]);
        return erasure === undefined ? null : erasureNode(erasure);
      }
      case 'Export': {
        const found = await services.exports.find(projectId, parsed.key);
        return found === null ? null : exportNode(found, services.publicUrl);
      }
      case 'Project':
      case 'Budget':
      case undefined:
        return null;
    }
  }
}
